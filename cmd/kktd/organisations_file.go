package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"kktd/daemon"
)

// organisationsSection is the part of the YAML file that no flag can say, and the whole
// of a seed file.
const organisationsSection = "organisations"

// readOrganisations reads the section of organisations of a YAML file, nil when it has
// none. alone refuses everything else in the file, and a file without organisations. An
// error has the line where one is known.
func readOrganisations(path string, alone bool) ([]daemon.Organisation, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err // it names the file
	}
	var file yaml.Node
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var section *yaml.Node
	if len(file.Content) > 0 {
		top := file.Content[0]
		if alone && top.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s: line %d: want %s: and a list of them", path, top.Line, organisationsSection)
		}
		for i := 0; i+1 < len(top.Content); i += 2 {
			switch key := top.Content[i]; {
			case key.Value == organisationsSection:
				section = top.Content[i+1]
			case alone:
				return nil, fmt.Errorf("%s: line %d: field %q is not known here; known: %s", path, key.Line, key.Value, organisationsSection)
			}
		}
	}
	if section == nil {
		if alone {
			return nil, fmt.Errorf("%s: it has no %s", path, organisationsSection)
		}
		return nil, nil
	}
	list, err := parseOrganisations(section)
	if err == nil {
		if alone && len(list) == 0 {
			return nil, fmt.Errorf("%s: line %d: %s has none", path, section.Line, organisationsSection)
		}
		return list, nil
	}
	line, place := section.Line, (*daemon.PlaceError)(nil)
	if errors.As(err, &place) {
		line = lineOf(section, place.Place)
	}
	return nil, fmt.Errorf("%s: line %d: %w; numbers such as INN stand in quotation marks", path, line, err)
}

func parseOrganisations(section *yaml.Node) ([]daemon.Organisation, error) {
	var value any
	if err := section.Decode(&value); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%s: a name in it is no text", organisationsSection)
	}
	return daemon.ParseOrganisations(raw)
}

// lineOf is the line of a place as organisations[0].registers[1].inn, or of what is
// there on the way to it.
func lineOf(section *yaml.Node, place string) int {
	at, line := section, section.Line
	rest := strings.TrimPrefix(place, organisationsSection)
	for rest != "" && at != nil {
		if index, behind, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]"); ok && rest[0] == '[' {
			n, err := strconv.Atoi(index)
			if err != nil || at.Kind != yaml.SequenceNode || n >= len(at.Content) {
				return line
			}
			at, rest = at.Content[n], behind
			line = at.Line
			continue
		}
		rest = strings.TrimPrefix(rest, ".")
		name := rest
		if end := strings.IndexAny(rest, ".["); end >= 0 {
			name = rest[:end]
		}
		rest = rest[len(name):]
		value := (*yaml.Node)(nil)
		for i := 0; at.Kind == yaml.MappingNode && i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == name {
				value, line = at.Content[i+1], at.Content[i].Line
			}
		}
		at = value
	}
	return line
}
