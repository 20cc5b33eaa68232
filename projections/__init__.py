"""Pure folds from facts to documents, and the loop that runs them."""
