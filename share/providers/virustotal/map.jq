# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def when(f): [f? | numbers | time?][0];
def objects_in(f): [f? | list | .[]? | objects];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

# By how many scanners: disposition, severity, confidence.
def judged($bad; $odd):
  if $bad >= 10 then ["Malicious", "High", "High"]
  elif $bad >= 3 then ["Malicious", "High", "Medium"]
  elif $bad + $odd > 0 then ["Suspicious", "Medium", (if $bad > 0 then "Medium" else "Low" end)]
  # That no scanner found anything does not make it clean.
  else ["Unknown", "None", "Medium"] end;

(.resolutions.data? // null) as $resolutions
| .object.data? | objects | text(.id) as $id | .attributes? | objects
| ( { ip: "ip-address/\($value | @uri)", ipv6: "ip-address/\($value | @uri)", domain: "domain/\($value | @uri)",
      url: "url/\($id // "" | @uri)" }[$type] // "file/\($value)" | "https://www.virustotal.com/gui/\(.)" ) as $page
| (.last_analysis_stats? | objects // {}) as $stats
| [number($stats.malicious), number($stats.suspicious), number($stats.harmless), number($stats.undetected)] as $counts
| ([$counts[] | select(. != null)] | add) as $total
| (when(.last_analysis_date) // when(.last_modification_date)) as $analysed
| text(.popular_threat_classification.suggested_threat_label) as $threat
| [.tags? | list | .[]? | strings] as $tags
| (if ($total // 0) > 0 then judged($counts[0] // 0; $counts[1] // 0) else null end) as $row

| ( select($row) | {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: $row[0], valid_time: $valid},
      { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 85, valid_time: $valid,
        reason: ("\($counts[0] // 0) of \($total) scanners say malicious, \($counts[1] // 0) suspicious"
          + (if $threat then "; \($threat)" else "" end)),
        source_uri: $page, key: "analysis" } ),

  ( select($row != null and $analysed != null)
    | { type: "sighting", title: "Analysis by scanners", confidence: "High", severity: $row[1], internal: false,
        description: "\($counts[0] // 0) of \($total) scanners found it malicious.",
        observed_time: $analysed, source_uri: $page,
        external_ids: [$id | strings], external_references: [{source_name: "VirusTotal", url: $page}],
        observables: ([$observable] + [
          ("md5", "sha1", "sha256") as $h | select($type == ("md5", "sha1", "sha256") and $type != $h)
          | {type: $h, value: text(.[$h])} | select(.value != null)]),
        relations: (
          [ objects_in(.last_dns_records)[] | select($type == "domain" and (.type? == ("A", "AAAA")))
            | text(.value) | select(. != null) | relation($observable; "Resolved_To"; ip(.)) ]
          + [ select($type == ("md5", "sha1", "sha256"))
              | [text(.meaningful_name), (.names? | list | .[]? | strings)] | unique | .[:10][] | select(. != null)
              | relation({type: "file_name", value: .}; "File_Name_Of"; $observable) ]
          + [ select($type == "url") | text(.last_final_url) | select(. != null and . != $value)
              | relation($observable; "Redirects_To"; url(.)) ]),
        data: ({ Malicious: $counts[0], Suspicious: $counts[1], Harmless: $counts[2], Undetected: $counts[3],
                 Reputation: number(.reputation), Name: text(.meaningful_name), Type: text(.type_description),
                 Size: number(.size), Title: text(.title), Registrar: text(.registrar),
                 Network: ([(number(.asn) | select(.) | "AS\(.)"), text(.as_owner)] | map(select(.)) | if . == [] then null else join(" ") end),
                 Country: text(.country),
                 "First seen": when(.first_submission_date),
                 Tags: (if $tags == [] then null else $tags | join(", ") end) } | facts),
        key: "analysis" } as $sighting
    | $sighting,
      ( select($threat)
        | link($sighting; "sighting-of"; {
            type: "indicator", title: $threat, short_description: "Scanners call it \($threat)",
            description: "Files that most scanners call \($threat).", confidence: $row[2], severity: $row[1], tags: $tags,
            indicator_type: ["File Hash Watchlist"], key: "threat \($threat)" }) ),
      ( objects_in(.crowdsourced_yara_results)[:$limit][] | text(.rule_name) as $rule | select($rule)
        | [.source? | strings | select(test("^https?://[^\\s\"<>\\\\^`{|}]+$"))][0] as $from
        | link($sighting; "sighting-of"; {
            type: "indicator", title: "YARA rule \($rule)", short_description: "The YARA rule \($rule)",
            description: (text(.description) // "Files that the YARA rule \($rule) describes."),
            confidence: "Medium", indicator_type: ["Malware Artifacts"], tags: [text(.ruleset_name) // empty], source_uri: $from,
            key: "yara \($rule)" }) ) ),

  # Names and addresses that belonged together, and when the pair was last seen.
  ( [ $resolutions | objects_in(.)[] | .attributes? | objects
      | {at: when(.date), name: text(.host_name), address: text(.ip_address)} | select(.at and .name and .address) ]
    | newest(.at) | select(. != [])
    | { type: "sighting", title: "Passive DNS", confidence: "High", internal: false, count: length,
        description: (if $type == "domain" then "Addresses of \($value)" else "Names of \($value)" end),
        observed_time: {start_time: ([.[].at] | min), end_time: ([.[].at] | max)},
        source_uri: "\($page)/relations",
        relations: ([.[] | relation(domain(.name); "Resolved_To"; ip(.address))] | unique), key: "dns" } )
