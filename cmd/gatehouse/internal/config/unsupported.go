package config

import "slices"

// lacking is a key of the design that this version does not act on. Reading it
// in silence would let people rely on what is not there.
type lacking struct{ path, instead string }

// lackingKeys lists what is refused outside of sinks.
func lackingKeys() []lacking {
	return []lacking{
		{"control.listen", "set control.socket"},
		{"control.token", "the socket is for its owner alone; remove the line"},
		{"metrics.listen", "remove the line"},
	}
}

// lackingSinkKeys lists what is refused in an element of sinks.
func lackingSinkKeys() []lacking {
	return []lacking{
		{"listen", "sinks of kind http send to a url"},
	}
}

// notSupported is the problem with a key of the list, if it is one.
func notSupported(list []lacking, path string) (error, bool) {
	i := slices.IndexFunc(list, func(l lacking) bool { return l.path == path })
	if i < 0 {
		return nil, false
	}
	return &valueError{what: "not supported by this version", hint: list[i].instead}, true
}

// lackingPaths lists the names.
func lackingPaths(list []lacking) []string {
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.path
	}
	return names
}

// seedName is the key that has taken the place of a name from the project's
// predecessor, or "".
func seedName(name string) string {
	return map[string]string{
		"maxShards":                  "shards.total",
		"totalShards":                "shards.total",
		"firstShardId":               "shards.first",
		"lastShardId":                "shards.last",
		"reshard":                    "reshard.auto",
		"reshardPercentage":          "reshard.at_percent",
		"spawnShardDelay":            "identify.spacing",
		"useOptimalLargeBotSharding": "shards.large_bot_sharding",
		"shardsPerCluster":           "shards.per_worker",
		"maxClusters":                "shards.max_workers",
		"secretKey":                  "sinks[].authorization",
		"handleDiscordPayload":       "sinks[].url",
		"editedMessages":             "filter.message_update",
		"loadingGuildIds":            "shards.load_timeout",
		"token":                      "discord.token",
		"intents":                    "discord.intents",
	}[name]
}

// foreignVariable reports whether a variable that begins like ours is meant for
// other commands.
func foreignVariable(name string) bool { return name == "GATEHOUSE_CONTROL" }
