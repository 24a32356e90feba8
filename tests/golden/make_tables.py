"""Make `tables.json`: boxed tables as the `rich` library lays them out. Run with Python that has rich."""

import json
import pathlib
import random

import rich.console
import rich.table


def main():
    random.seed(0)
    layouts = {
        3: ([0.45, 0.8, 1.0], ["left", "left", "right"]),
        4: ([0.3, 0.56, 0.74, 1.0], ["left", "left", "right", "left"]),
        5: ([0.27, 0.504, 0.666, 0.9, 1.0], ["left", "left", "right", "left", "center"]),
    }
    cases = []
    for index in range(24):
        positions, align = layouts[3 + index % 3]
        length = random.randint(60, 120)
        rows = [
            [
                " ".join("x" * random.randint(1, random.choice([4, 12, 45])) for _ in range(random.randint(1, 5)))
                for _ in align
            ]
            for _ in range(2)
        ]
        header = [f"Head {i}" for i in range(len(align))]
        columns, start = [], 0
        for title, justify, position in zip(header, align, positions):
            columns.append(rich.table.Column(title, justify=justify, width=int(position * length) - start))
            start = int(position * length)
        table = rich.table.Table(*columns, width=length, show_lines=True)
        for row in rows:
            table.add_row(*row)
        console = rich.console.Console(highlight=False, force_terminal=False, color_system=None, width=200)
        console.begin_capture()
        console.print(table)
        text = console.end_capture().rstrip("\n")
        cases.append(
            {"header": header, "rows": rows, "align": align, "positions": positions, "length": length, "text": text}
        )
    path = pathlib.Path(__file__).with_name("tables.json")
    path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
