# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def when(f): [f? | select([time?] != [])][0];
def page(f): [f? | strings | select(test("^https://[^\\s\"<>\\\\^`{|}]+$"))][0];
def objects_in(f): [f? | list | .[]? | objects];

# Disposition, severity and confidence by the risk of 0 to 99.
def judged: band([[24, ["Unknown", "Low", "Medium"]], [64, ["Suspicious", "Medium", "Medium"]],
                  [89, ["Malicious", "High", "High"]], [100, ["Malicious", "Critical", "High"]]]);

.entity | objects | .data? | objects
| (.risk? | objects // {}) as $risk
| page(.intelCard) as $page
| number($risk.score) as $score | ($score | judged) as $row
| ( select($row) | {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: $row[0], valid_time: $valid},
      { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 85, valid_time: $valid,
        reason: ([ "Risk \($score) of 99", text($risk.riskSummary) ] | map(select(. != null)) | join(". ")), source_uri: $page, key: "risk" } ),
  ( objects_in($risk.evidenceDetails) | map(select(text(.rule) != null and when(.timestamp) != null)) | newest(.timestamp)[]
    | (["None", "Low", "Medium", "High", "Critical"][number(.criticality) // 9] // "Unknown") as $severity
    | link(
        { type: "sighting", title: .rule, confidence: "High", severity: $severity, internal: false,
          description: (text(.evidenceString) // .rule), observed_time: .timestamp, source_uri: $page,
          external_references: [{source_name: "Recorded Future", url: $page} | select($page)], key: .rule };
        "sighting-of";
        { type: "indicator", title: .rule, short_description: .rule,
          description: "The rule \(.rule) of Recorded Future\(text(.criticalityLabel) // "" | if . == "" then "" else ", \(ascii_downcase)" end).",
          confidence: "High", severity: $severity, key: .rule }) )
