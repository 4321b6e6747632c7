"""From YAML to the leaf table: read, validate, convert units, resolve `extends` and overrides."""
