"""Checks of datastrips, granules, tiles and products, and the reports on them."""
