# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def when(f): [f? | select([time?] != [])][0];
def objects_in(f): [f? | list | .[]? | objects];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
def page($kind): "https://exchange.xforce.ibmcloud.com/\($kind)/\($value | @uri)";
# Names of categories that apply: a share above 0, or true.
def categories(f): [f? | objects | to_entries[] | select(.value == true or ((.value | type) == "number" and .value > 0)) | .key];

# Disposition, severity and confidence by a risk of 1 to 10.
def judged: band([[3.9, ["Unknown", "Low", "Medium"]], [6.9, ["Suspicious", "Medium", "Medium"]], [10, ["Malicious", "High", "High"]]]);

def verdict_and_judgement($row; $reason; $page): select($row)
  | {start_time: $now, days: 7} as $valid
  | {type: "verdict", disposition: $row[0], valid_time: $valid},
    { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 85, valid_time: $valid,
      reason: $reason, source_uri: $page, key: "risk" };

def category($words; $kind):
  { type: "indicator", title: ., short_description: "Classed as \(.)", description: (text($words[.]) // "Classed as \(.)"),
    confidence: "Medium", indicator_type: [$kind], key: "category \(.)" };

# An address, with the history of what it was thought to be.
( .address | objects | page("ip") as $page
  | number(.score) as $score | ($score | judged) as $row
  | categories(.cats) as $cats
  | verdict_and_judgement($row; "Risk \($score) of 10\(if $cats == [] then "" else ": \($cats | join(", "))" end)"; $page),
    ( objects_in(.history) | map(select(when(.created) != null)) | newest(.created)[]
      | categories(.cats) as $classes | (.categoryDescriptions? | objects // {}) as $words
      | { type: "sighting", title: "Classed by X-Force", confidence: "Medium", internal: false,
          severity: ((number(.score) | judged | .[1]?) // "Unknown"),
          description: ([(if $classes == [] then "No category" else $classes | join(", ") end), text(.reasonDescription, .reason)]
            | map(select(. != null)) | join(". ")),
          observed_time: .created, source_uri: $page, external_references: [{source_name: "IBM X-Force Exchange", url: $page}],
          data: ({Risk: number(.score), Reason: text(.reason), Country: text(.geo.country), Network: text(.ip)} | facts),
          key: "\(.created) \($classes | join(" "))" } as $sighting
      | $sighting, ( $classes[] | link($sighting; "sighting-of"; category($words; "IP Watchlist")) ) ) ),

# A domain or URL.
( .site | objects | .result? | objects | page("url") as $page
  | number(.score) as $score | ($score | judged) as $row
  | categories(.cats) as $cats | (.categoryDescriptions? | objects // {}) as $words
  | [verdict_and_judgement($row; "Risk \($score) of 10\(if $cats == [] then "" else ": \($cats | join(", "))" end)"; $page)]
  | .[],
    ( .[1] as $judgement | select($judgement) | $cats[]
      | link($judgement; "based-on"; category($words; if $type == "url" then "URL Watchlist" else "Domain Watchlist" end)) ) ),

# A file.
( .file | objects | .malware? | objects | page("malware") as $page
  | {high: ["Malicious", "High", "High"], medium: ["Malicious", "Medium", "Medium"], low: ["Suspicious", "Low", "Low"]}[text(.risk) // ""] as $row
  | (.origins? | objects // {}) as $origins
  | ([.family?, $origins.external.family? | list | .[]? | strings] | unique) as $families
  | verdict_and_judgement($row; "\(text(.risk)) risk\(if $families == [] then "" else ": \($families | join(", "))" end)"; $page),
    ( (when($origins.external.firstSeen) // when(.created)) as $first | select($first)
      | { type: "sighting", title: "Malware known to X-Force", confidence: "Medium", severity: ($row[1]? // "Unknown"), internal: false,
          description: "\(text($origins.external.malwareType) // "Malware")\(if $families == [] then "" else ": \($families | join(", "))" end)",
          observed_time: {start_time: $first, end_time: (when($origins.external.lastSeen) // $first)},
          source_uri: $page, external_references: [{source_name: "IBM X-Force Exchange", url: $page}],
          relations: (
            [ objects_in($origins.CnCServers.rows)[:$limit][]
              | (text(.ip) // empty | relation($observable; "Connected_To"; ip(.))),
                (text(.domain) // empty | relation($observable; "Connected_To"; domain(.))) ]
            + [ objects_in($origins.downloadServers.rows)[:$limit][]
              | text(.uri) // empty | select(test("^https?://")) | relation($observable; "Downloaded_From"; url(.)) ] | unique),
          data: ({ Risk: text(.risk), Type: text(.mimetype), Platform: text($origins.external.platform),
                   "Scanners that find it, %": number($origins.external.detectionCoverage) } | facts),
          key: "malware" } as $sighting
      | $sighting,
        ( $families[:$limit][] | link($sighting; "sighting-of"; {
            type: "indicator", title: ., short_description: "The malware family \(.)",
            description: "Files that X-Force counts to the malware family \(.).", confidence: "Medium",
            indicator_type: ["File Hash Watchlist"], key: "family \(.)" }) ) ) )
