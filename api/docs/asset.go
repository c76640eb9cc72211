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
var assetFiles embed.FS

// loadAssets returns the files that pages load, by name: the embedded ones, and the two files of Swagger UI that the
// page "Try it" uses. They are read and compressed once per process.
var loadAssets = sync.OnceValues(readAssets) //nolint:gochecknoglobals // the embedded files never change

func readAssets() (map[string]file, error) {
	const css, js, svg = "text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"
	files := make(map[string]file)
	for name, contentType := range map[string]string{
		"icon.svg": svg, "reference.css": css, "reference.js": js, "site.css": css, "try.css": css, "try.js": js,
	} {
		if err := addAsset(files, name, contentType); err != nil {
			return nil, err
		}
	}
	for _, name := range machineDiagrams() {
		if err := addAsset(files, name, svg); err != nil {
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

func addAsset(files map[string]file, name, contentType string) error {
	body, err := assetFiles.ReadFile("asset/" + name)
	if err != nil {
		return fmt.Errorf("docs: read asset: %w", err)
	}
	files[name], err = newFile(contentType, immutable, body)
	return err
}

// assetBase returns the directory of the assets. Its name is a hash of all assets, so browsers fetch changed assets,
// and stylesheets can import each other by relative paths.
func assetBase(files map[string]file) string {
	var hashes []string
	for name, f := range files {
		hashes = append(hashes, name+" "+shortHash(f.content.Body()))
	}
	slices.Sort(hashes)
	return Prefix + "/assets/" + shortHash([]byte(strings.Join(hashes, "\n"))) + "/"
}
