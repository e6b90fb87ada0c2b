"""`python -m recommender` is `alsobought`."""

from recommender.cli import main

main()
