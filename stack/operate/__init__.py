"""Operating a deployed stage: audit, rebuild, redrive, restore, logs, status."""
