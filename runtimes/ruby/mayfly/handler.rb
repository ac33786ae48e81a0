# frozen_string_literal: true

require 'json'

module MayflyRuntime
  # From the text `file.method` or `file.Module::Class.method` to what it means. Spec 4.2-05.
  class Handler
    def initialize(text)
      parts = text.split('.')
      unless [2, 3].include?(parts.length)
        raise ArgumentError, "Invalid handler #{text}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method."
      end

      file, *space, @method = parts
      require file
      @target = space.empty? ? Kernel : Object.const_get(space[0])
    end

    # The answer's bytes and their content type.
    def call(body, context)
      result = @target.send(@method, event: JSON.parse(body), context: context)
      return [result.read, 'application/unknown'] if result.respond_to?(:read) && (result.is_a?(IO) || result.class.name == 'StringIO')

      [JSON.dump(result), 'application/json']
    end
  end
end
