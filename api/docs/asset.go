package docs

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/swaggest/swgui/v5/static"
)

//go:embed asset
var own embed.FS

// assets returns the files that the pages load, by name: our own, and those of Swagger UI that the reference page uses.
// They are read and compressed once per process.
var assets = sync.OnceValues(readAssets) //nolint:gochecknoglobals // the embedded files never change

func readAssets() (map[string]file, error) {
	const css, js, svg = "text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"
	files := make(map[string]file)
	for name, contentType := range map[string]string{
		"icon.svg": svg, "reference.css": css, "reference.js": js, "site.css": css, "try.css": css, "try.js": js,
	} {
		if err := addOwn(files, name, contentType); err != nil {
			return nil, err
		}
	}
	for _, name := range machinePictures() {
		if err := addOwn(files, name, svg); err != nil {
			return nil, err
		}
	}
	for name, contentType := range map[string]string{"swagger-ui-bundle.js": js, "swagger-ui.css": css} {
		gzipped, err := static.FS.ReadFile(name + ".gz")
		if err != nil {
			return nil, fmt.Errorf("docs: read asset of Swagger UI: %w", err)
		}
		if files[name], err = newFileFromGzip(contentType, immutable, gzipped); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func addOwn(files map[string]file, name, contentType string) error {
	body, err := own.ReadFile("asset/" + name)
	if err != nil {
		return fmt.Errorf("docs: read asset: %w", err)
	}
	files[name], err = newFile(contentType, immutable, body)
	return err
}

// assetBase is the folder that the assets are served from. It carries a hash over all of them, so that a changed asset
// is fetched anew and a stylesheet may import its neighbour by a relative path.
func assetBase(files map[string]file) string {
	var hashes []string
	for name, f := range files {
		hashes = append(hashes, name+" "+hashOf(f.content.Body()))
	}
	slices.Sort(hashes)
	return Prefix + "/assets/" + hashOf([]byte(strings.Join(hashes, "\n"))) + "/"
}
