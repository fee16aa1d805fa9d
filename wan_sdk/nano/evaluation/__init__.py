"""How what nano makes is counted: the judge, what counts as right, and what is asked."""
