"""Facts: where the records that rules read come from, validated strictly and found by key."""
