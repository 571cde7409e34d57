"""ipf: a plugin-based processor framework emulating the Sentinel-2 Instrument Processing Facility."""

__version__ = "0.1.0"
