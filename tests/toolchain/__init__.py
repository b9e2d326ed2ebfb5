"""Building CometBFT once and finding it again."""
