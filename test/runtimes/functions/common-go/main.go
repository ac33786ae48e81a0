// Gives back what it is given, tells what it sees, or fails.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func handle(ctx context.Context, event json.RawMessage) (any, error) {
	var asked struct {
		Message    string `json:"error_msg"`
		Introspect bool   `json:"introspect"`
	}
	// What is no object asks for nothing.
	_ = json.Unmarshal(event, &asked)
	if asked.Message != "" {
		return nil, errors.New("Error: " + asked.Message)
	}
	if !asked.Introspect {
		return event, nil
	}
	known, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	environment := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	return map[string]any{
		"ctx": map[string]any{
			"aws_request_id":       known.AwsRequestID,
			"deadline":             deadline.UnixMilli(),
			"function_name":        lambdacontext.FunctionName,
			"function_version":     lambdacontext.FunctionVersion,
			"invoked_function_arn": known.InvokedFunctionArn,
			"log_group_name":       lambdacontext.LogGroupName,
			"log_stream_name":      lambdacontext.LogStreamName,
			"memory_limit_in_mb":   lambdacontext.MemoryLimitInMB,
		},
		"environment": environment,
		"packages":    []string{},
	}, nil
}

func main() { lambda.Start(handle) }
