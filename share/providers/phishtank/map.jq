# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def flag(f): [f? | select(. == (true, 1, "y", "true"))] != [];
def when(f): [f? | select([time?] != [])][0];

.site | objects | .results? | objects | select(flag(.in_database))
| [.phish_id? | strings, numbers | tostring][0] as $id
| (if $id then "https://phishtank.org/phish_detail.php?phish_id=\($id | @uri)" else null end) as $page
| (when(.verified_at) // $now) as $at
# Voted to be none, voted to be one, and not voted on yet.
| (if flag(.verified) and (flag(.valid) | not) then ["Unknown", "None", "Medium", "People have voted that it is no phishing"]
   elif flag(.verified) then ["Malicious", "High", "High", "Phishing, verified by people"]
   else ["Suspicious", "Medium", "Low", "Reported as phishing, not verified"] end) as [$disposition, $severity, $confidence, $reason]
| {type: "verdict", disposition: $disposition, valid_time: {start_time: $now, days: 7}},
  { type: "judgement", disposition: $disposition, severity: $severity, confidence: $confidence, priority: 85, reason: $reason,
    valid_time: {start_time: $at, end_time: ago(-7)}, source_uri: $page, key: "listed" },
  ( select($disposition != "Unknown")
    | link(
        { type: "sighting", title: "Reported as phishing", description: $reason, severity: $severity, confidence: $confidence,
          internal: false, observed_time: $at, external_ids: [$id | strings], source_uri: $page,
          external_references: [{source_name: "PhishTank", url: $page} | select($page)], key: "listed" };
        "sighting-of";
        { type: "indicator", title: "Phishing", short_description: "Phishing pages", confidence: "High", severity: "High",
          description: "Pages that people have reported to PhishTank, to get passwords or money from visitors.",
          indicator_type: ["URL Watchlist"], tags: ["phishing"], key: "phishing" }) )
