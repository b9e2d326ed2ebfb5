"""What every module stands on: context, refusals, numbers, moments. Imports wire only."""
