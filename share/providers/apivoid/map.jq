# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def page(f): [f? | strings | select(test("^https?://[^\\s\"<>\\\\^`{|}]+$"))][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

# Disposition, severity and confidence by APIVoid's score of 0 to 100.
def judged: band([[19, ["Unknown", "None", "Medium"]], [59, ["Suspicious", "Medium", "Medium"]], [100, ["Malicious", "High", "Medium"]]]);

.report | objects
| ([.blacklists?, .domain_blacklist? | objects] [0] // {}) as $lists
| [$lists.engines? | .[]? | objects | select(.detected == true) | select(text(.name) != null)] as $found
| (number($lists.detections) // (if $lists == {} then null else $found | length end)) as $detections
| number(.risk_score.result) as $score
| ($score | judged) as $row
| (.anonymity? | objects // {}) as $hides
| (.information? // .server_details? // {} | objects // {}) as $about
| ( select($row) | {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: $row[0], valid_time: $valid},
      { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 80, valid_time: $valid,
        reason: "Risk \($score) of 100\(if $detections then ", on \($detections) block lists" else "" end)", key: "score" } ),
  ( select($detections != null or $score != null)
    | { type: "sighting", title: "Block lists and risk", confidence: "Medium", severity: ($row[1]? // "Unknown"), internal: false,
        description: (if $found != [] then "Listed by \([$found[] | .name] | join(", "))"
                      else "On \($detections // 0) block lists" end),
        observed_time: $now,
        relations: [ select($type == "domain") | text(.server_details.ip) | select(. != null and test("^[0-9a-fA-F.:]+$"))
                     | relation($observable; "Resolved_To"; ip(.)) ],
        external_references: [$found[:$limit][] | {source_name: .name, url: page(.reference)} | select(.url)],
        data: ({ Risk: $score, Lists: $detections, Country: text($about.country_name), Provider: text($about.isp), Network: text($about.asn),
                 "Host name": text($about.reverse_dns),
                 Hides: ([{is_proxy: "proxy", is_webproxy: "web proxy", is_vpn: "VPN", is_tor: "Tor", is_relay: "relay"} | to_entries[]
                          | select($hides[.key] == true) | .value] | if . == [] then null else join(", ") end),
                 Hosting: (if $hides.is_hosting? == true then "yes" else null end) } | facts),
        key: "report" } as $sighting
    | $sighting,
      ( $found[:$limit][]
        | link($sighting; "member-of"; {
            type: "indicator", title: "Block list \(.name)", short_description: "The block list \(.name)",
            description: "The block list \(.name), as APIVoid reads it.", confidence: "Medium",
            indicator_type: [if $type == "ip" then "IP Watchlist" elif $type == "domain" then "Domain Watchlist" else "URL Watchlist" end],
            source_uri: page(.reference), key: .name }) ) )
