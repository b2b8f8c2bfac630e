"""Delayed Repression and Emergent Instability in Adaptive Multi-Agent Systems."""
