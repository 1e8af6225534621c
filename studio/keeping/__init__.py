"""What keeps a studio's folder whole: checks at the start, sweeping, backup and restore."""
