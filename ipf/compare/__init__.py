"""Product against reference product: what differs, where, by how much, and whether that is acceptable."""
