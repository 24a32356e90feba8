"""The table on the terminal and the JSON list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benches.compare.targets import Target, all_of, duration, geometric_mean
from benches.compare.workload import Outcome, Workload


def row(outcome: Outcome, targets: Sequence[Target], version: Callable[[str], str]) -> dict[str, Any]:
    """One workload's JSON object."""
    unit = outcome.workload.unit
    ours = outcome.values.get("ours")
    rivals = {name: value for name, value in outcome.values.items() if name != "ours"}
    best = min(rivals, key=lambda name: rivals[name], default=None)
    covering = _covering(outcome.workload.name, targets)
    entry: dict[str, Any] = {
        "workload": outcome.workload.name,
        "ours_ms": ours if unit == "ms" else None,
        "rivals": {name: {unit.lower(): value, "version": version(name)} for name, value in rivals.items()},
        "best_rival": best,
        "ratio": rivals[best] / ours if best is not None and ours else None,
        "share_of_limit": outcome.share,
        "target": _conditions(covering),
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


def _covering(workload: str, targets: Sequence[Target]) -> list[Target]:
    return [target for target in targets if target.covers(workload) and target.text()]


def _conditions(covering: Sequence[Target]) -> str | None:
    return ", ".join(target.text() for target in covering) or None


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
# The longest that a time or a size is printed: "1e+03 ms", "999.9 MB".
AMOUNT = 8


class Table:
    """The table, row by row: its columns are fixed before anything is measured, from names and targets.

    Rivals that are installed and share a workload have a column, between ours and the ratio.
    """

    def __init__(self, workloads: Sequence[Workload], rivals: Sequence[str], targets: Sequence[Target]) -> None:
        self.rivals = [name for name in rivals if any(name in work.sides for work in workloads)]
        conditions = [len(_conditions(_covering(work.name, targets)) or "") for work in workloads]
        self._widths = [
            max(len(HEAD[0]), *(len(work.name) for work in workloads)),
            AMOUNT,
            len("+100% +100% *"),
            *(max(AMOUNT, len(name)) for name in self.rivals),
            len("1000.00x"),
            max(map(len, ("best", *self.rivals))),
            len("limit"),
            max(len("target"), *conditions),
            len("meets"),
        ]

    def head(self) -> str:
        """The names of the columns, underlined."""
        names = self._line([*HEAD[:3], *self.rivals, *HEAD[3:]])
        return f"{names}\n{'-' * len(names)}"

    def row(self, entry: dict[str, Any]) -> str:
        """One row; a star after the spread says that others ran meanwhile."""
        spread, ours = entry.get("spread_ms", {}).get("ours"), entry["ours_ms"]
        deviation = f"{spread[0] / ours - 1:+.0%} {spread[1] / ours - 1:+.0%}" if spread else ""
        cells = [
            entry["workload"],
            _amount(ours, entry.get("ours_mb"), entry.get("ours_percent")),
            f"{deviation} {'*' if 'disturbed' in entry else ' '}",
            *(_amount((side := entry["rivals"].get(name, {})).get("ms"), side.get("mb")) for name in self.rivals),
            f"{entry['ratio']:.2f}x" if entry["ratio"] is not None else "",
            entry["best_rival"] or "",
            f"{entry['share_of_limit']:.0%}" if entry["share_of_limit"] is not None else "",
            entry["target"] or "",
            MEETS[entry["meets"]],
        ]
        return self._line(cells)

    def _line(self, cells: Sequence[str]) -> str:
        """Cells side by side: workload and target from the left, the others from the right."""
        left = (0, len(cells) - 2)
        aligned = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, self._widths))
        ]
        return "  ".join(aligned).rstrip()


def _amount(ms: float | None, mb: float | None, percent: float | None = None) -> str:
    if ms is not None:
        return duration(ms)
    if percent is not None:
        return f"{percent:.1f} %"
    return f"{mb:.1f} MB" if mb is not None else ""


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
