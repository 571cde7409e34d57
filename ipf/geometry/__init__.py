"""From sensor lines to the map: time, frames, orbit, attitude, lines of sight, terrain, location, tiles."""
