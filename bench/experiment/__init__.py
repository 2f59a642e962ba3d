"""An experiment: the deployed handlers fail at random, and their effects are counted (`make experiment`)."""
