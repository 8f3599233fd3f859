"""A small game to begin with: sums, two tries each. ``selftaught new game`` copies this folder under another name."""
