package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const answerLimit = 1 << 20 // bytes, head and body together

// get returns the body of a 200 answer. It fails on any other status, redirects included, and when the whole exchange
// takes longer than the timeout.
//
// It speaks HTTP/1.0 over a socket: that makes the server end the answer by closing the connection, so there is no
// chunked encoding to decode, and the binary is 2.7 MB where net/http would make it 6.1 MB. No proxy is ever asked.
func get(target *url.URL, timeout time.Duration) ([]byte, error) {
	deadline := time.Now().Add(timeout)
	body, err := exchange(target, deadline)
	var problem net.Error
	if errors.As(err, &problem) && problem.Timeout() {
		return nil, fmt.Errorf("no complete answer within %s", timeout)
	}
	return body, err
}

func exchange(target *url.URL, deadline time.Time) ([]byte, error) {
	port := target.Port()
	if port == "" {
		port = "80"
	}
	dialer := net.Dialer{Deadline: deadline}
	connection, err := dialer.Dial("tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(deadline); err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(connection, "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: mimir-probe\r\nAccept: */*\r\n\r\n",
		target.RequestURI(), target.Host)
	if err != nil {
		return nil, err
	}
	return readAnswer(connection)
}

// readAnswer reads until the server closes the connection.
func readAnswer(connection io.Reader) ([]byte, error) {
	limited := &io.LimitedReader{R: connection, N: answerLimit}
	reader := bufio.NewReader(limited)
	head := textproto.NewReader(reader)
	status, err := head.ReadLine()
	if err != nil {
		return nil, cutOff(err)
	}
	protocol, rest, _ := strings.Cut(status, " ")
	if !strings.HasPrefix(protocol, "HTTP/1.") {
		return nil, errors.New("the answer is not HTTP/1")
	}
	if code, _, _ := strings.Cut(rest, " "); code != "200" {
		return nil, fmt.Errorf("status %q instead of 200", rest)
	}
	header, err := head.ReadMIMEHeader()
	if err != nil {
		return nil, cutOff(err)
	}
	if encoding := header.Get("Transfer-Encoding"); encoding != "" {
		return nil, fmt.Errorf("transfer encoding %q in answer to HTTP/1.0", encoding)
	}
	return readBody(reader, limited, header.Get("Content-Length"))
}

// readBody also notices when the server promised more than it sent.
func readBody(reader io.Reader, limited *io.LimitedReader, length string) ([]byte, error) {
	body, err := io.ReadAll(reader)
	if err != nil {
		return nil, cutOff(err)
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("the answer is longer than %d bytes", answerLimit)
	}
	if promised, err := strconv.Atoi(length); err == nil && promised > len(body) {
		return nil, fmt.Errorf("the body ends after %d of %d bytes", len(body), promised)
	}
	return body, nil
}

// cutOff puts a closed connection into words. Errors about the text of the answer are not passed on, as they quote it.
func cutOff(err error) error {
	var network net.Error
	if errors.As(err, &network) {
		return err
	}
	return errors.New("the connection was closed before the answer was complete")
}
