"""The catalogue of claims, one module a paper."""

#: modules of this folder, in the order in which they are listed
CATALOGUE = (
    "delayed_repression",
    "delayed_repression_roots",
    "delayed_repression_cycle",
    "delayed_repression_experiments",
    "delayed_repression_map",
    "delayed_repression_tables",
    "delayed_repression_agents",
    "delayed_repression_trends",
    "delayed_replicator",
    "delayed_replicator_cycle",
    "delayed_replicator_forms",
    "hopf",
    "hayes",
    "ntk_initialisation",
    "ntk_training",
    "ntk_rates",
)
