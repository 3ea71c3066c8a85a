"""The look of report.html; everything is inside the page, which loads nothing."""

from __future__ import annotations

__all__ = ["STYLE", "THEME"]

THEME = """
:root { color-scheme: light dark; --paper: #faf8f4; --ink: #28241f; --soft: #746c61;
  --line: #e2dcd1; --card: #ffffff; --accent: #9c4a2f; --best: #2f6b4f; --warn: #fbf0dc;
  --warn-ink: #6d4a10; --bar: #c9a58f; --two: #37648c; --three: #6c7a2c; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1917; --ink: #ece6dc; --soft: #a49a8c;
  --line: #38332d; --card: #24211e; --accent: #e0906f; --best: #86c9a4; --warn: #3a2f1b;
  --warn-ink: #f0d59b; --bar: #7a5545; --two: #8fbbe0; --three: #bfcd77; } }
* { box-sizing: border-box; }
"""
"""Colours, light and dark, of every page that an evaluation writes."""

STYLE = (
    THEME
    + """
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 12px; }
h3 { font-size: 15px; margin: 24px 0 8px; color: var(--soft); font-weight: 600; }
p { margin: 6px 0; max-width: 78ch; } .soft { color: var(--soft); }
.warnings { background: var(--warn); color: var(--warn-ink); border-radius: 8px;
  padding: 10px 16px; margin: 18px 0; } .warnings p { max-width: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 14px; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; }
tr:last-child > * { border-bottom: 0; } th { font-weight: 600; }
thead th { color: var(--soft); font-size: 13px; } td.number, th.number { text-align: right; }
td.best { color: var(--best); font-weight: 700; } td small, th small { color: var(--soft);
  font-weight: 400; display: block; max-width: 52ch; } sup { color: var(--accent); }
.group th { background: var(--paper); color: var(--soft); font-size: 13px; }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px;
  border: 1px solid var(--line); vertical-align: -1px; }
.meter { display: block; height: 4px; background: var(--line); border-radius: 2px; margin-top: 4px;
  min-width: 80px; } .meter i { display: block; height: 4px; border-radius: 2px;
  background: var(--accent); }
.grid { display: grid; gap: 6px; margin-bottom: 8px; }
.grid > .head { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
figure { margin: 0; } .grid img { width: 100%; display: block; border-radius: 5px; }
.grid img.map { image-rendering: pixelated; }
figcaption { font-size: 12px; color: var(--soft); margin: 2px 0 6px;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 14px; }
.curve { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 12px 4px; } .curve svg { width: 100%; }
polyline { fill: none; stroke-width: 1.6; stroke: var(--accent); } .line1 { stroke: var(--two); }
.line2 { stroke: var(--three); } .line3 { stroke: var(--soft); }
.axis { fill: none; stroke: var(--line); } text { font-size: 11px; fill: var(--soft); }
.end { text-anchor: end; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code { font-size: 13px; }
.legend span { white-space: nowrap; margin-right: 16px; font-size: 13px; }
"""
)
