"""The table on the terminal and the JSON list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benches.compare.targets import Target, all_of, duration, geometric_mean
from benches.compare.workload import Outcome


def row(outcome: Outcome, targets: Sequence[Target], version: Callable[[str], str]) -> dict[str, Any]:
    """One workload's JSON object."""
    unit = outcome.workload.unit
    ours = outcome.values.get("ours")
    rivals = {name: value for name, value in outcome.values.items() if name != "ours"}
    best = min(rivals, key=lambda name: rivals[name], default=None)
    covering = [target for target in targets if target.covers(outcome.workload.name) and target.text()]
    entry: dict[str, Any] = {
        "workload": outcome.workload.name,
        "ours_ms": ours if unit == "ms" else None,
        "rivals": {name: {unit.lower(): value, "version": version(name)} for name, value in rivals.items()},
        "best_rival": best,
        "ratio": rivals[best] / ours if best is not None and ours else None,
        "share_of_limit": outcome.share,
        "target": ", ".join(target.text() for target in covering) or None,
        "meets": all_of(target.met(ours, rivals, outcome.share) for target in covering),
    }
    if unit != "ms":
        entry[f"ours_{unit.lower()}"] = ours
    if outcome.spread:
        entry["spread_ms"] = {name: [t.low * 1e3, t.high * 1e3] for name, t in outcome.spread.items()}
    if outcome.disagreement:
        entry["disagreement"], entry["meets"] = outcome.disagreement, False
    if outcome.disturbed:
        entry["disturbed"] = outcome.disturbed
    if outcome.missing:
        entry["missing"] = dict(outcome.missing)
    return entry


def mean_rows(rows: Sequence[dict[str, Any]], targets: Sequence[Target]) -> list[dict[str, Any]]:
    """A row for each target on a geometric mean, over the workloads that were measured."""
    means = []
    for target in targets:
        if target.geometric_mean is None:
            continue
        ratios = [
            ratio
            for entry in rows
            if target.covers(entry["workload"])
            and (ratio := target.ratio_of(entry["ours_ms"], {k: v["ms"] for k, v in entry["rivals"].items()}))
        ]
        if not ratios:
            continue
        mean = geometric_mean(ratios)
        means.append(
            {
                "workload": f"geometric mean: {target.name} ({len(ratios)} workloads)",
                "ours_ms": None,
                "rivals": {},
                "best_rival": None,
                "ratio": mean,
                "share_of_limit": None,
                "target": f">= {target.geometric_mean:g}x {'/'.join(target.against or ('best',))}",
                "meets": mean >= target.geometric_mean,
            }
        )
    return means


HEAD = ("workload", "ours", "spread", "ratio", "best", "limit", "target", "meets")
MEETS = {True: "yes", False: "NO", None: ""}


def cells(entry: dict[str, Any], rivals: Sequence[str]) -> list[str]:
    """One row of the table, as text."""
    spread = entry.get("spread_ms", {}).get("ours")
    return [
        entry["workload"] + (" *" if "disturbed" in entry else ""),
        _amount(entry["ours_ms"], entry.get("ours_mb"), entry.get("ours_percent")),
        f"{spread[0] / entry['ours_ms'] - 1:+.0%} {spread[1] / entry['ours_ms'] - 1:+.0%}" if spread else "",
        *(_amount((side := entry["rivals"].get(name, {})).get("ms"), side.get("mb")) for name in rivals),
        f"{entry['ratio']:.2f}x" if entry["ratio"] is not None else "",
        entry["best_rival"] or "",
        f"{entry['share_of_limit']:.0%}" if entry["share_of_limit"] is not None else "",
        entry["target"] or "",
        MEETS[entry["meets"]],
    ]


def _amount(ms: float | None, mb: float | None, percent: float | None = None) -> str:
    if ms is not None:
        return duration(ms)
    if percent is not None:
        return f"{percent:.1f} %"
    return f"{mb:.1f} MB" if mb is not None else ""


def table(rows: Sequence[dict[str, Any]], rivals: Sequence[str]) -> str:
    """All rows, aligned; rivals' columns stand between ours and the ratio."""
    shown = [name for name in rivals if any(name in entry["rivals"] for entry in rows)]
    lines = [[*HEAD[:3], *shown, *HEAD[3:]], *(cells(entry, shown) for entry in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = [
        "  ".join(
            [
                cell.ljust(width) if index in (0, len(widths) - 2) else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(line, widths))
            ]
        ).rstrip()
        for line in lines
    ]
    return "\n".join([text[0], "-" * len(text[0]), *text[1:]])


def notes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What the reader must know beside the table: missing sides and disturbed rows."""
    told = [
        f"* {entry['workload']}: disturbed while timing ({entry['disturbed']})"
        for entry in rows
        if "disturbed" in entry
    ]
    told += [f"not timed, {entry['disagreement']}" for entry in rows if "disagreement" in entry]
    missing: dict[str, list[str]] = {}
    for entry in rows:
        for name, reason in entry.get("missing", {}).items():
            missing.setdefault(f"{name}: {reason}", []).append(entry["workload"])
    return told + [f"blank: {reason} ({len(names)} workloads)" for reason, names in missing.items()]
