"""Plots as SVG elements, by own small code: scales, ticks, lines, bands, bars. Colours come from the page's style."""
