"""Samples as a picture: one panel a measure over the same time, as SVG written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from tools.soak.samples import MIB, Sample

WIDTH, PANEL_HEIGHT, LEFT, RIGHT, TOP, GAP = 900, 130, 80, 20, 50, 45


@dataclass(frozen=True)
class Line:
    label: str
    color: str
    values: list[float]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    step = 1.0
    while step * 10 <= value:
        step *= 10
    for factor in (1, 2, 5, 10):
        if step * factor >= value:
            return step * factor
    return value


def _panel(title: str, lines: list[Line], times: list[float], top: int) -> list[str]:
    inner = WIDTH - LEFT - RIGHT
    highest = _round_up(max(1.0, *(max(line.values) for line in lines)))
    bottom = top + PANEL_HEIGHT

    def x(seconds: float) -> float:
        return LEFT + inner * seconds / max(times[-1], 1e-9)

    def y(value: float) -> float:
        return bottom - PANEL_HEIGHT * max(value, 0) / highest

    out = [f'<text x="{LEFT}" y="{top - 8}" class="title">{escape(title)}</text>']
    for share in (0.0, 0.5, 1.0):
        level = highest * share
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(level):.1f}" y2="{y(level):.1f}" class="grid"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{level:,.10g}</text>')
    for number, line in enumerate(lines):
        points = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(times, line.values, strict=True))
        out.append(f'<polyline points="{points}" fill="none" stroke="{line.color}" stroke-width="1.5"/>')
        where = WIDTH - RIGHT - 190 * (len(lines) - number - 1)
        out.append(f'<text x="{where}" y="{top - 8}" text-anchor="end" fill="{line.color}">{escape(line.label)}</text>')
    return out


def write_graph(samples: list[Sample], title: str, path: Path) -> None:
    times = [sample.seconds for sample in samples]
    rates = [0.0] + [
        (after.requests - before.requests) / max(after.seconds - before.seconds, 1e-9)
        for before, after in zip(samples, samples[1:], strict=False)
    ]
    blue, red = "#1f5fa8", "#b5442e"
    panels = [
        ("Resident memory, MiB", [Line("", blue, [s.resident_bytes / MIB for s in samples])]),
        ("Open descriptors", [Line("", blue, [float(s.descriptors) for s in samples])]),
        (
            "Disk, MiB",
            [
                Line("data folder", blue, [s.disk_bytes / MIB for s in samples]),
                Line("bytes of the objects", red, [s.live_bytes / MIB for s in samples]),
            ],
        ),
        ("Requests a second", [Line("", blue, rates)]),
    ]
    height = TOP + len(panels) * (PANEL_HEIGHT + GAP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        "<style>text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="20" class="title">{escape(title)}</text>',
    ]
    for number, (name, lines) in enumerate(panels):
        out += _panel(name, lines, times, TOP + number * (PANEL_HEIGHT + GAP))
    end = height - GAP + 18
    out.append(f'<text x="{LEFT}" y="{end}">0 s</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{end}" text-anchor="end">{times[-1]:,.0f} s</text>')
    path.write_text("\n".join([*out, "</svg>", ""]))
