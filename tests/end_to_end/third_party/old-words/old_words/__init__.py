"""An evaluator whose library is too old for lp_runner's own environment."""
