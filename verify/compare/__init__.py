"""Decision rules, one a file: how a prediction and a measurement are compared."""
