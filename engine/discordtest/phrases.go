package discordtest

// What people in the simulated guilds say, as it stands between the quotes of a
// JSON string. Some of it is meant to trip a careless scanner: escaped quotes,
// braces, text that looks like a frame, several bytes per character. The tables
// are constant.
var (
	phrases = [...]string{
		"spring tide tomorrow, are we still moving the boat?",
		"fog until ten, then it should clear",
		"ok",
		"lol",
		"who took the long boat hook again",
		"berth fourteen is free from Friday",
		"the pump is fixed, thanks to everyone who came \U0001F6E0\uFE0F",
		"das Leuchtfeuer blinkt wieder, danke für die schnelle Hilfe",
		"明日は満潮が五時五十二分です。係留ロープを確認してください",
		"is the chart table still for sale?",
		"she said \\\"not before the ebb\\\" and hung up",
		"first line\\nsecond line\\n\\n- a list\\n- another item",
		"config is {\\\"op\\\":9,\\\"s\\\":1,\\\"t\\\":\\\"READY\\\"} if anybody wonders }}]]",
		"C:\\\\charts\\\\north\\\\pier.kap \\u2192 please open",
		"\u00e9t\u00e9 \u2014 \u0440\u0435\u0433\u0430\u0442\u0430 \u2014 \u0645\u0631\u0641\u0623",
		"new rope, new rules: no smoking on the fuel dock, no washing of sails before noon, no swimming in the basin while the ferry turns, and whoever leaves a trailer in front of the crane pays for the coffee of the whole crew until the end of the season. The list is in the harbour office, next to the tide table.",
		"+1",
		"can somebody read the wind at the head of the pier? mine says 22 kn but it feels like more",
		"\U0001F30A\U0001F30A\U0001F30A",
		"see you at the slip at six",
	}
	statuses  = [...]string{"online", "idle", "dnd", "online", "offline"}
	surnames  = [...]string{"tern", "petrel", "gannet", "fulmar", "skua", "puffin", "curlew", "dunlin", "avocet", "plover", "godwit"}
	nicknames = [...]string{"Tern", "Old Petrel", "Gannet \U0001F426", "Fulmar", "Skua|harbour", "Puffin", "Curlew", "J\u00fcrgen", "\u304b\u3082\u3081", "Plover", "Godwit"}
)
