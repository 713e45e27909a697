// Judges objects as helm and Flux do: by kstatus, in the version that helm is built with.
//
// It reads a JSON array of objects, and prints an array with a status and a message for each.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}

func judge(in io.Reader, out io.Writer) error {
	var objects []map[string]any
	decoder := json.NewDecoder(in)
	// Numbers of objects from the API server are integers, which a float is not.
	decoder.UseNumber()
	if err := decoder.Decode(&objects); err != nil {
		return fmt.Errorf("no array of objects: %w", err)
	}
	verdicts := []verdict{}
	for n, object := range objects {
		result, err := judgeOne(object)
		if err != nil {
			return fmt.Errorf("object %d: %w", n, err)
		}
		verdicts = append(verdicts, verdict{string(result.Status), result.Message})
	}
	return json.NewEncoder(out).Encode(verdicts)
}

func judgeOne(object map[string]any) (*status.Result, error) {
	bytes, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var whole unstructured.Unstructured
	if err := whole.UnmarshalJSON(bytes); err != nil {
		return nil, err
	}
	return status.Compute(&whole)
}
