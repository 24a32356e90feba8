"""Layered layout of a directed acyclic graph: ranks, orders without needless crossings, and coordinates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

# Sugiyama, Tagawa and Toda 1981: longest-path ranks, stand-ins where an edge passes a rank, barycentre sweeps for the
# order, and least squares under separation for the coordinates.
SWEEPS = 12

Point = tuple[float, float]


def layered_layout(
    sizes: Sequence[Point], edges: Sequence[tuple[int, int]], gap: Point = (28.0, 40.0)
) -> tuple[list[Point], list[list[Point]]]:
    """Centres of boxes and bends of edges, edges pointing down.

    Args:
        sizes: (width, height) of each box.
        edges: pairs (from, to) of box numbers; they must form no cycle.
        gap: least room between boxes of a rank, and between ranks.

    Returns:
        One centre (x, y) per box, and for each edge its points from the bottom of one box to the top of the other. All
        coordinates are at least 0, and y grows downwards.
    """
    count = len(sizes)
    rank = _ranks(count, edges)
    boxes = list(sizes)
    place = list(rank)
    links: list[tuple[int, int]] = []
    paths: list[list[int]] = []
    for start, end in edges:
        path = [start]
        for between in range(rank[start] + 1, rank[end]):
            boxes.append((0.0, 0.0))
            place.append(between)
            path.append(len(boxes) - 1)
        path.append(end)
        paths.append(path)
        links.extend(itertools.pairwise(path))
    rows: list[list[int]] = [[] for _ in range(max(place, default=-1) + 1)]
    for item, row in enumerate(place):
        rows[row].append(item)
    above: list[list[int]] = [[] for _ in boxes]
    below: list[list[int]] = [[] for _ in boxes]
    for start, end in links:
        below[start].append(end)
        above[end].append(start)
    _order(rows, above, below)
    x = _columns(rows, above, below, [box[0] for box in boxes], gap[0])
    y, top = [0.0] * len(boxes), 0.0
    for row_items in rows:
        height = max(boxes[item][1] for item in row_items)
        for item in row_items:
            y[item] = top + height / 2
        top += height + gap[1]
    bends = []
    for path in paths:
        first, last = path[0], path[-1]
        middle = [(x[item], y[item]) for item in path[1:-1]]
        bends.append([(x[first], y[first] + boxes[first][1] / 2), *middle, (x[last], y[last] - boxes[last][1] / 2)])
    return list(zip(x[:count], y[:count])), bends


def _ranks(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for start, end in edges:
        after[start].append(end)
        waiting[end] += 1
    rank = [0] * count
    ready = [item for item in range(count) if not waiting[item]]
    done = []
    while ready:
        item = ready.pop()
        done.append(item)
        for following in after[item]:
            rank[following] = max(rank[following], rank[item] + 1)
            waiting[following] -= 1
            if not waiting[following]:
                ready.append(following)
    if len(done) != count:
        raise ValueError("layered_layout: expected a graph without cycles, got one with a cycle")
    # What has nothing above it goes right above what needs it.
    has_input = {end for _, end in edges}
    for item in range(count):
        if item not in has_input and after[item]:
            rank[item] = min(rank[following] for following in after[item]) - 1
    return rank


def _order(rows: list[list[int]], above: list[list[int]], below: list[list[int]]) -> None:
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for index in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            other = rows[index - 1] if down else rows[index + 1]
            position = {item: i for i, item in enumerate(other)}
            side = above if down else below
            now = {item: i for i, item in enumerate(rows[index])}

            def barycentre(
                item: int,
                side: list[list[int]] = side,
                position: dict[int, int] = position,
                now: dict[int, int] = now,
            ) -> tuple[float, int]:
                near = [position[neighbour] for neighbour in side[item]]
                return (sum(near) / len(near) if near else now[item], now[item])

            rows[index].sort(key=barycentre)
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _crossings(rows: list[list[int]], below: list[list[int]]) -> int:
    total = 0
    for upper, lower in itertools.pairwise(rows):
        position = {item: i for i, item in enumerate(lower)}
        ends = [position[item] for start in upper for item in sorted(below[start], key=position.__getitem__)]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _columns(
    rows: list[list[int]], above: list[list[int]], below: list[list[int]], widths: list[float], gap: float
) -> list[float]:
    x = [0.0] * len(widths)
    for row in rows:
        _settle(row, [0.0] * len(row), x, widths, gap)
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            wanted = []
            for item in row:
                near = above[item] if down else below[item]
                near = near or below[item] or above[item]
                wanted.append(sum(x[other] for other in near) / len(near) if near else x[item])
            _settle(row, wanted, x, widths, gap)
    left = min((x[item] - widths[item] / 2 for item in range(len(widths))), default=0.0)
    return [value - left for value in x]


def _settle(row: list[int], wanted: list[float], x: list[float], widths: list[float], gap: float) -> None:
    """The positions nearest to the wanted ones, by least squares, that keep the order and the gaps."""
    offset, offsets = 0.0, []
    for i, item in enumerate(row):
        if i:
            offset += (widths[row[i - 1]] + widths[item]) / 2 + gap
        offsets.append(offset)
    # Without the offsets, the condition is that positions don't fall: pool those that would.
    pools: list[tuple[float, int]] = []
    for value, shift in zip(wanted, offsets):
        total, size = value - shift, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            before, many = pools.pop()
            total, size = total + before, size + many
        pools.append((total, size))
    flat = [total / size for total, size in pools for _ in range(size)]
    for item, value, shift in zip(row, flat, offsets):
        x[item] = value + shift
