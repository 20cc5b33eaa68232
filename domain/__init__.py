"""The rules: values, facts and aggregates. No web, no database, no clock."""
