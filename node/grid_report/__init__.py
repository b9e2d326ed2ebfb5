"""What a day does to the low-voltage grid, with the market and without: figures and plots for a run or a study."""
