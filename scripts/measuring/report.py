# SPDX-License-Identifier: Apache-2.0
"""Tables in Markdown, bars in SVG."""
from xml.sax.saxutils import escape


def table(head, rows):
    """`rows` of cells; numbers stand to the right."""
    def is_number(cell):
        return bool(cell) and (cell[0].isdigit() or cell[0] in "+-−–")
    rows = [[str(cell) for cell in row] for row in rows]
    right = [all(is_number(row[i]) for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(head) + " |",
             "|" + "|".join(" ---: " if r else " --- " for r in right) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def number(value, digits=0):
    if value is None:
        return "–"
    return f"{value:,.{digits}f}"


def milliseconds(ns):
    return "–" if ns is None else f"{ns / 1e6:,.1f}"


def bars(panels, width=860):
    """An SVG document. `panels` is a list of (title, unit, rows); a row is (label, [(part, value)...])."""
    colours = {"printed": "#2a78b8", "lost": "#c8452f", "collector": "#5b8c3a", "analyzer": "#2a78b8",
               "p50": "#2a78b8", "p99": "#b5a03a", "max": "#c8452f"}
    row_height, label_width, number_width = 24, 190, 130
    height = 20 + sum(58 + row_height * len(rows) for _, _, rows in panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           'font-family="sans-serif" font-size="13">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    y = 26
    for title, unit, rows in panels:
        parts = list(dict.fromkeys(part for _, values in rows for part, _ in values))
        out.append(f'<text x="12" y="{y}" font-weight="bold">{escape(title)}, {escape(unit)}</text>')
        at = width - number_width
        for part in reversed(parts):
            at -= 12 * len(part) + 10
            out.append(f'<rect x="{at}" y="{y - 10}" width="10" height="10" fill="{colours.get(part, "#777777")}"/>')
            out.append(f'<text x="{at + 14}" y="{y}">{escape(part)}</text>')
        y += 12
        most = max([sum(value for _, value in values) for _, values in rows] + [1e-9])
        for label, values in rows:
            x = label_width
            out.append(f'<text x="{label_width - 8}" y="{y + 16}" text-anchor="end">{escape(label)}</text>')
            for part, value in values:
                size = value / most * (width - label_width - number_width)
                out.append(f'<rect x="{x:.1f}" y="{y + 4}" width="{size:.1f}" height="{row_height - 8}" '
                           f'fill="{colours.get(part, "#777777")}"/>')
                x += size
            total = sum(value for _, value in values)
            out.append(f'<text x="{x + 6:.1f}" y="{y + 16}">{number(total, 0 if total >= 100 else 2)}</text>')
            y += row_height
        y += 34
    out.append("</svg>")
    return "\n".join(out) + "\n"
