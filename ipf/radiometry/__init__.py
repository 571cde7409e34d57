"""From raw counts to counts in proportion to radiance: the corrections of Level 1B, and their undoing."""
