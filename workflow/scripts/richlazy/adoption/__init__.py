"""Results that were not made here: whether they are what the plan would make, and having Snakemake remember them."""
