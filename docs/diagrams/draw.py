"""Draws the diagrams of the site with graphviz: ``python docs/diagrams/draw.py``.

The drawings are kept in docs/_static/diagrams, so that a build needs no graphviz; each says from which source it was
made, and a test compares that with the source. Colours are names of the site's style sheet, so that a drawing follows
the light and the dark theme.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
DRAWN = HERE.parent / "_static" / "diagrams"

#: Colours as the sources write them, and what stands in the drawing.
COLOURS = {
    "#111111": "var(--drawing-line, #6b7280)",
    "#222222": "var(--drawing-text, #111827)",
    "#333333": "var(--drawing-fill, #f3f4f6)",
    "#444444": "var(--drawing-accent, #0f766e)",
    "#555555": "var(--drawing-soft, #9ca3af)",
}
#: What every source begins with.
DEFAULTS = """
    bgcolor="transparent"; pad=0.05; nodesep=0.25; ranksep=0.4; fontname="Helvetica"; fontsize=11; fontcolor="#222222";
    node [shape=box, style="filled,rounded", color="#111111", fillcolor="#333333", fontname="Helvetica", fontsize=11,
          fontcolor="#222222", margin="0.12,0.06"];
    edge [color="#111111", fontname="Helvetica", fontsize=10, fontcolor="#222222", arrowsize=0.7];
"""


def digest(source: Path) -> str:
    """What a drawing remembers of its source."""
    return hashlib.sha256(source.read_bytes() + DEFAULTS.encode() + repr(COLOURS).encode()).hexdigest()[:16]


def draw(source: Path) -> str:
    """The drawing of a source, as SVG."""
    text = re.sub(r"\{", "{" + DEFAULTS.replace("\\", r"\\"), source.read_text(), count=1)
    made = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True).stdout
    svg = made[made.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S)
    svg = re.sub(r"<title>.*?</title>\n?", "", svg, flags=re.S)
    svg = re.sub(r'(<svg) width="(\d+)pt" height="(\d+)pt"', r'\1 width="\2pt" height="\3pt" data-source="%s"', svg)
    svg = svg.replace('data-source="%s"', f'data-source="{digest(source)}"')
    svg = re.sub(r' xmlns:xlink="[^"]*"', "", svg).replace('font-family="Helvetica,sans-Serif"', "")
    svg = re.sub(r' (id|class)="[^"]*"', "", svg)  # several drawings may stand on one page
    for name in ("fill", "stroke"):
        svg = re.sub(
            rf' {name}="(#[1-5]{{6}})"',
            lambda found, name=name: f' style="{name}:{COLOURS[found[1]]}"' if found[1] in COLOURS else found[0],
            svg,
        )
    # An element with both colours has now two style attributes.
    return re.sub(r' style="([^"]*)"([^<>]*?) style="([^"]*)"', r' style="\1;\3"\2', svg)


def main() -> None:
    """Draw all sources anew."""
    DRAWN.mkdir(exist_ok=True)
    for source in sorted(HERE.glob("*.dot")):
        (DRAWN / f"{source.stem}.svg").write_text(draw(source))
        print(DRAWN / f"{source.stem}.svg")


if __name__ == "__main__":
    main()
