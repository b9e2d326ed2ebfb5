"""The household agent: forecasts, offers, set points and bills of homes (MODEL section 7, docs/household.md)."""
