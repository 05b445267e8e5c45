# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def when(f): [f? | select([time?] != [])][0];
def texts(f): [f? | list | .[]? | strings | select(. != "")];
def joined: if . == [] then null else join(", ") end;
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
# A list of names, or an object whose members are the names.
def names(f): [f? | if type == "object" then keys_unsorted[] else list | .[]? end | strings];

"https://www.shodan.io/host/\($value | @uri)" as $page
| .host | objects
| texts(.tags) as $tags
| ([$tags[] | ascii_downcase | select(. == ("c2", "malware", "compromised", "doublepulsar"))]) as $bad
| ( select($bad != []) | {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: "Malicious", valid_time: $valid},
      { type: "judgement", disposition: "Malicious", severity: "High", confidence: "Medium", priority: 80, valid_time: $valid,
        reason: "Shodan's tags: \($bad | join(", "))", source_uri: $page, key: "tags" } ),

  # The host, and its names.
  ( (when(.last_update) // ([.data? | list | .[]? | objects | when(.timestamp) | strings] | max)) as $seen
    | select($seen)
    | { type: "sighting", title: "Host on the Internet", confidence: "High", internal: false,
        description: "Open ports: \([.ports? | list | .[]? | numbers] | sort | map(tostring) | joined // "none")",
        observed_time: $seen, source_uri: $page, external_references: [{source_name: "Shodan", url: $page}],
        relations: [texts(.hostnames)[:$limit][] | relation(domain(.); "Resolved_To"; $observable)],
        data: ({ Network: ([text(.asn), text(.org)] | map(select(.)) | if . == [] then null else join(" ") end),
                 Provider: text(.isp), Country: text(.country_name), City: text(.city), "Operating system": text(.os),
                 Tags: ($tags | joined) } | facts),
        key: "host" } as $sighting
    | $sighting,
      ( (names(.vulns) + [.data? | list | .[]? | objects | names(.vulns)[]]) | unique
        | map(select(test("^CVE-[0-9]{4}-[0-9]+$"))) | .[:$limit][] | . as $cve
        | link($sighting; "sighting-of"; {
            type: "indicator", title: $cve, short_description: "May have the hole \($cve)",
            description: "Shodan concludes from banners, or has tried, that the host has the hole \($cve).",
            confidence: "Low", indicator_type: ["Host Characteristics"], tags: ["vulnerability"], external_ids: [$cve],
            external_references: [{source_name: "NVD", url: "https://nvd.nist.gov/vuln/detail/\($cve)", external_id: $cve}],
            key: $cve }) ) ),

  # Each service, as it answered last.
  ( [.data? | list | .[]? | objects | select([.port? | numbers] != [] and when(.timestamp) != null)] | newest(.timestamp)[]
    | "\(.port)/\(text(.transport) // "tcp")" as $port
    | ([text(.product), text(.version)] | map(select(.)) | join(" ")) as $product
    | { type: "sighting", title: "Open port \($port)", confidence: "High", internal: false,
        description: "\(if $product == "" then text(._shodan.module) // "A service" else $product end) answered on port \($port).",
        observed_time: .timestamp, source_uri: "\($page)#\(.port)",
        data: ({ Port: $port, Service: text(._shodan.module), Product: text(.product), Version: text(.version),
                 Title: text(.http.title), Server: text(.http.server), Certificate: text(.ssl.cert.subject.CN),
                 CPE: (texts(.cpe23, .cpe) | joined) } | facts),
        key: $port } )
