"""The look of study.html: the map between the two pictures, or above them where it is narrow."""

from __future__ import annotations

from sinopia.inference.evaluation.report_style import THEME

__all__ = ["STYLE"]

STYLE = (
    THEME
    + """
[hidden] { display: none !important; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 16px 24px 24px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 20px; min-height: 32px; }
h1 { font-size: 15px; font-weight: 600; margin: 0; color: var(--soft); flex: 1; }
h2 { font-size: 21px; line-height: 1.25; margin: 12px 0 16px; text-align: center; }
h2:focus { outline: none; }
.status { display: flex; align-items: center; gap: 12px; }
.status p { margin: 0; white-space: nowrap; font-variant-numeric: tabular-nums; }
progress { width: 140px; height: 8px; accent-color: var(--accent); }
.warnings { background: var(--warn); color: var(--warn-ink); border-radius: 8px;
  padding: 10px 16px; margin: 12px 0; }
.words { max-width: 62ch; margin: 6vh auto 0; }
.words h2 { text-align: left; font-size: 26px; }
.words dl { display: grid; grid-template-columns: max-content 1fr; gap: 8px 16px; margin: 20px 0; }
.words dd { margin: 0; }
.row { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
.soft { color: var(--soft); }

button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--soft);
  border-radius: 8px; padding: 9px 16px; min-height: 44px; cursor: pointer;
  touch-action: manipulation; }
/* A mouse that rests on a picture must not set it off from the other. */
button:hover:enabled:not(.picture) { border-color: var(--accent);
  box-shadow: 0 0 0 1px var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button:disabled { cursor: default; opacity: 0.45; }
button.main { background: var(--accent); border-color: var(--accent); color: var(--card);
  font-weight: 600; }
kbd { font: 13px/1 system-ui, sans-serif; border: 1px solid var(--line); border-radius: 4px;
  padding: 2px 6px; color: var(--soft); background: var(--paper); }

.board { display: grid; gap: 12px 20px; grid-template-columns: repeat(3, minmax(0, 1fr));
  grid-template-areas: "left map right" "left neither right"; grid-template-rows: auto 1fr; }
.board img { display: block; width: 100%; height: auto; border-radius: 5px; }
.board figure { grid-area: map; margin: 0; padding: 7px 7px 0; }
.board figure img { image-rendering: pixelated; }
.left { grid-area: left; } .right { grid-area: right; }
.picture { align-self: start; padding: 6px; }
.picture span { display: flex; justify-content: center; align-items: center; gap: 10px;
  padding: 8px 0 3px; font-weight: 600; }
.neither { grid-area: neither; justify-self: center; align-self: start; }
.neither kbd { margin-left: 8px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 10px 0 0;
  padding: 0; font-size: 14px; justify-content: center; }
.legend li { display: flex; align-items: center; gap: 7px; overflow-wrap: anywhere; }
.legend svg { width: 14px; height: 14px; flex: none; border: 1px solid var(--soft);
  border-radius: 3px; }
footer { display: flex; justify-content: space-between; gap: 12px; margin-top: 20px; }

@media (max-width: 720px) {
  main { padding: 10px 16px 20px; }
  h1 { display: none; } .status { flex: 1; } progress { flex: 1; min-width: 0; }
  h2 { font-size: 18px; margin: 8px 0 10px; text-align: left; }
  .board { gap: 12px; grid-template-columns: repeat(2, minmax(0, 1fr));
    grid-template-areas: "map map" "left right" "neither neither"; }
  .board figure { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px;
    padding: 0; }
  .legend { gap: 3px 10px; font-size: 13px; line-height: 1.35; place-content: start;
    margin: 0; }
  .neither { justify-self: stretch; }
  .words { margin-top: 0; } .words h2 { font-size: 22px; } .words dl { margin: 12px 0; }
}
@media (hover: none) { .board kbd, footer kbd, .keys { display: none; } }
"""
)
