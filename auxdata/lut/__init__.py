"""Look-up tables of the atmosphere, built by `ipf lut`; each has its provenance in a JSON file beside it."""
