package control

// Code is a code that a Problem may have.
type Code struct {
	Name     string
	Statuses []int
	Means    string
}

// Codes are all codes of the API, those of the paths of other rooms too.
func Codes() []Code {
	return []Code{
		{"unknown_parameter", []int{400}, "a parameter that the path does not know"},
		{"invalid_parameter", []int{400}, "a parameter has a value that cannot be used"},
		{"unknown_field", []int{400}, "a field that the body does not have"},
		{"invalid_field", []int{400}, "a field has a value that cannot be used"},
		{"invalid_body", []int{400}, "the body is no JSON object, or asks for nothing that can be done"},
		{"forbidden", []int{403}, "not from this machine and without the token, or from a page of another site"},
		{"not_found", []int{404}, "there is no such path, register, document ..."},
		{"method_not_allowed", []int{405}, "the path does not take the method; Allow says which it takes"},
		{"invalid_image", []int{400}, "the file is no image of a register that can be used"},
		{"exists", []int{409}, "it is there already"},
		{"queued", []int{409}, "receipts wait at the register: it cannot be kept as it is"},
		{"backward", []int{409}, "the clock goes back only with force"},
		{"refused", []int{404, 409}, "the drive refused; drive says why"},
		{"busy", []int{409}, "it is being sent right now"},
		{"no_ofd", []int{409}, "the built-in OFD is needed for it, and documents go to another one"},
		{"too_large", []int{413}, "the body is longer than 1 MiB"},
		{"content_type", []int{415}, "a body is JSON with the content type application/json; that of an import is a file, application/octet-stream"},
		{"internal", []int{500}, "kktd failed; its log says more"},
		{"fault", []int{503}, "a fault that was set on purpose has struck"},
		{"out_of_service", []int{503}, "the register is out of service"},
		{"stopping", []int{503}, "kktd is stopping"},
	}
}
