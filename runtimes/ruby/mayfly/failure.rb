# frozen_string_literal: true

require 'json'

module MayflyRuntime
  # How failures are named and shown. Spec 2.4-04, 3.2-18.
  class Failure
    HERE = File.expand_path('..', __dir__) + File::SEPARATOR
    private_constant :HERE

    # `stage`: `Init` while the function is loaded, `Function` while it runs.
    def initialize(error, stage)
      @error = error
      @stage = stage
    end

    def error_type
      "#{@stage}<#{@error.class}>"
    end

    def shape
      { errorMessage: text(@error.message), errorType: error_type, stackTrace: lines }
    end

    def json
      JSON.generate(shape)
    end

    def xray_cause
      stack = (@error.backtrace_locations || []).first(64).map do |location|
        { path: location.path.to_s, line: location.lineno, label: location.label.to_s }
      end
      exceptions = [{ type: error_type, message: text(@error.message), stack: stack }]
      { working_directory: Dir.pwd, exceptions: exceptions, paths: stack.map { |frame| frame[:path] }.uniq }
    end

    private

    def lines
      (@error.backtrace || []).reject { |line| line.start_with?(HERE) }.map { |line| text(line) }
    end

    # What is no UTF-8 has no JSON.
    def text(value)
      value.to_s.encode('UTF-8', invalid: :replace, undef: :replace).scrub
    end
  end
end
