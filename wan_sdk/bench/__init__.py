"""What users can measure on their own machine."""
