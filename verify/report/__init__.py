"""The page of results: one file of HTML that asks the network for nothing."""
