// Reads the history of a bucket, one operation a line, and says whether it is linearizable: whether each operation can
// have happened at one moment between its call and its return so that all answers are right.
//
//	go run . HISTORY.jsonl [PICTURE.html]
//
// Exit code 0: linearizable. 1: not; the picture shows where it breaks. 2: couldn't tell, or the input is bad.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

const timeLimit = 5 * time.Minute

type line struct {
	Client int     `json:"client"`
	Call   int64   `json:"call"`
	Return int64   `json:"return"`
	Asked  request `json:"asked"`
	Got    answer  `json:"got"`
}

func read(path string) ([]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var history []porcupine.Operation
	decoder := json.NewDecoder(bufio.NewReader(file))
	decoder.DisallowUnknownFields()
	for decoder.More() {
		var l line
		if err := decoder.Decode(&l); err != nil {
			return nil, fmt.Errorf("operation %d: %w", len(history)+1, err)
		}
		if l.Asked.Key < 0 || l.Asked.Key >= maxKeys || l.Asked.Source < 0 || l.Asked.Source >= maxKeys {
			return nil, fmt.Errorf("operation %d: keys are numbered 0 to %d", len(history)+1, maxKeys-1)
		}
		if l.Return < l.Call {
			return nil, fmt.Errorf("operation %d returns before it is called", len(history)+1)
		}
		history = append(history, porcupine.Operation{
			ClientId: l.Client, Input: l.Asked, Call: l.Call, Output: l.Got, Return: l.Return,
		})
	}
	if len(history) == 0 {
		return nil, fmt.Errorf("no operation in %s", path)
	}
	return history, nil
}

func draw(path string, info porcupine.LinearizationInfo) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return porcupine.Visualize(model(), info, file)
}

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: linearizability HISTORY.jsonl [PICTURE.html]")
		os.Exit(2)
	}
	history, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	result := porcupine.CheckOperationsTimeout(model(), history, timeLimit)
	fmt.Printf("%d operations: %s\n", len(history), result)
	switch result {
	case porcupine.Ok:
		return
	case porcupine.Illegal:
		if len(os.Args) == 3 {
			// Once more, keeping all that a picture needs: much more memory.
			_, info := porcupine.CheckOperationsVerbose(model(), history, timeLimit)
			if err := draw(os.Args[2], info); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		os.Exit(1)
	}
	os.Exit(2)
}
